"""Requests of the engine for the resources that the plugin serves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import current_thread
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from google.protobuf.json_format import MessageToDict
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult
from pulumi.runtime.proto import engine_pb2, provider_pb2

from pulumi_poetry_layer import provider
from pulumi_poetry_layer.errors import BuildError
from pulumi_poetry_layer.host.output import say, say_from_threads
from pulumi_poetry_layer.plugin.messages import Messages
from pulumi_poetry_layer.provider import LayerBuildProvider

from .conftest import Plugin
from .engine import STACK, RecordingEngine
from .test_construction import SECRET, construct

URN = "urn:pulumi:dev::shop::poetry-layer:index:PoetryLayer$poetry-layer:index:LayerBuild::deps-build"
VERSIONS = URN.replace("LayerBuild", "KeptVersions")
DIFF = provider_pb2.DiffResponse

Replace = Callable[[str, Callable[..., Any]], None]


@pytest.fixture
def replace(monkeypatch: pytest.MonkeyPatch) -> Replace:
    """Replace a method of the provider that builds."""
    return lambda name, method: monkeypatch.setattr(LayerBuildProvider, name, method)


def properties(**values: Any) -> struct_pb2.Struct:
    """Properties of a resource."""
    message = struct_pb2.Struct()
    message.update(values)
    return message


def test_fingerprint_alone_decides_whether_a_build_changes(plugin: Plugin) -> None:
    """Every deployment would build, or none."""
    old = properties(fingerprint="a", zip="x.zip")
    same = provider_pb2.DiffRequest(urn=URN, olds=old, news=properties(fingerprint="a", zip="y.zip"))
    other = provider_pb2.DiffRequest(urn=URN, olds=old, news=properties(fingerprint="b", zip="x.zip"))
    assert plugin.Diff(same).changes == DIFF.DIFF_NONE
    assert plugin.Diff(other).changes == DIFF.DIFF_SOME


def test_versions_of_another_layer_are_a_replacement(plugin: Plugin) -> None:
    """The versions of the old layer would stay in AWS."""
    arn = "arn:aws:lambda:us-east-1:123456789012:layer:deps"
    old = properties(layer_version_arn=f"{arn}:1", keep=2, mark="m", skip_destroy=False)
    new = properties(layer_version_arn=f"{arn}2:1", keep=2, mark="m", skip_destroy=False)
    answer = plugin.Diff(provider_pb2.DiffRequest(urn=VERSIONS, olds=old, news=new))
    assert list(answer.replaces) == ["layer_version_arn"]


def test_line_of_a_build_is_shown_under_its_resource(plugin: Plugin, engine: RecordingEngine, replace: Replace) -> None:
    """A user would see nothing of a build: the engine hides what a plugin prints."""

    def create(_: LayerBuildProvider, props: dict[str, Any]) -> CreateResult:
        say("deps: built\x1b[2J")
        say_from_threads()("warning: deps: large")
        return CreateResult("id", {**props, "size": 5})

    replace("create", create)
    made = plugin.Create(provider_pb2.CreateRequest(urn=URN, properties=properties(fingerprint="a")))

    assert made.id == "id"
    assert MessageToDict(made.properties) == {"fingerprint": "a", "size": 5}
    shown = [(line.severity, line.message, line.urn) for line in engine.logged]
    assert shown == [
        (engine_pb2.INFO, "deps: built\\x1b[2J", URN),
        (engine_pb2.WARNING, "deps: large", URN),
    ]


def test_builds_run_while_the_sdk_waits_in_all_threads_of_the_event_loop(plugin: Plugin, replace: Replace) -> None:
    """A program with many layers would wait for good: the SDK waits for each build in a thread of the event loop."""
    seen: list[str] = []

    def create(*_: Any) -> CreateResult:
        seen.append(current_thread().name)
        return CreateResult("id", {})

    replace("create", create)
    plugin.Create(provider_pb2.CreateRequest(urn=URN, properties=properties()))
    assert [name.partition("_")[0] for name in seen] == ["poetry-layer"]


def test_error_of_a_build_is_shown_as_it_is(plugin: Plugin, replace: Replace) -> None:
    """A user would see the names of classes, and a traceback."""

    def update(*_: Any) -> None:
        raise BuildError("it failed", where="deps", hint="do this")

    replace("update", update)
    with pytest.raises(grpc.RpcError) as caught:
        plugin.Update(provider_pb2.UpdateRequest(urn=URN, olds=properties(), news=properties()))
    assert caught.value.details() == "deps: it failed\n  hint: do this"


def test_unexpected_error_has_a_traceback(plugin: Plugin, replace: Replace) -> None:
    """Nobody could find the bug."""

    def delete(*_: Any) -> None:
        raise KeyError("zip")

    replace("delete", delete)
    with pytest.raises(grpc.RpcError) as caught:
        plugin.Delete(provider_pb2.DeleteRequest(urn=URN, properties=properties()))
    assert "Traceback" in str(caught.value.details())
    assert "KeyError: 'zip'" in str(caught.value.details())


def test_problem_of_a_preview_is_a_failure_of_the_check(plugin: Plugin, replace: Replace) -> None:
    """A preview would show no error for a layer that is too large."""
    replace("check", lambda _, _olds, news: CheckResult(news, [CheckFailure("", "too large")]))
    answer = plugin.Check(provider_pb2.CheckRequest(urn=URN, news=properties(fingerprint="a")))
    assert [failure.reason for failure in answer.failures] == ["too large"]
    assert MessageToDict(answer.inputs) == {"fingerprint": "a"}


def test_deleted_build_removes_its_zip(plugin: Plugin, program: Path) -> None:
    """Zips of layers that do not exist any more would fill the disk."""
    zip_file = program / ".poetry-layer" / "dev" / "deps-0123456789ab.zip"
    zip_file.parent.mkdir(parents=True)
    zip_file.touch()
    zip_file.with_name(f"{zip_file.name}.json").write_text('{"owner": "id"}', encoding="utf-8")
    request = provider_pb2.DeleteRequest(
        urn=URN, id="id", properties=properties(zip=str(zip_file.relative_to(program)))
    )
    plugin.Delete(request)
    assert not zip_file.exists()


def test_refresh_changes_nothing(plugin: Plugin) -> None:
    """A runner without the zip would build it again."""
    state, inputs = properties(fingerprint="a", size=5), properties(fingerprint="a")
    answer = plugin.Read(provider_pb2.ReadRequest(urn=URN, id="id", properties=state, inputs=inputs))
    assert (answer.id, answer.properties, answer.inputs) == ("id", state, inputs)


def test_secret_stays_a_secret_in_the_outputs(plugin: Plugin, replace: Replace) -> None:
    """It would be in the state in plain text."""
    seen: list[dict[str, Any]] = []

    def create(_: LayerBuildProvider, props: dict[str, Any]) -> CreateResult:
        seen.append(props)
        return CreateResult("id", {**props, "size": 5})

    replace("create", create)
    made = plugin.Create(provider_pb2.CreateRequest(urn=URN, properties=properties(profile=SECRET)))
    assert seen == [{"profile": "hush"}]
    assert MessageToDict(made.properties)["profile"] == SECRET


def test_configuration_of_the_stack_does_not_get_into_the_state(plugin: Plugin) -> None:
    """Logins for private indexes would be in the state in plain text."""
    news = properties(
        **{"version": "0.1.0", "httpBasic.x.password": "hush", "pluginDownloadURL": "https://example.com"}
    )
    answer = plugin.CheckConfig(provider_pb2.CheckRequest(news=news))
    assert MessageToDict(answer.inputs) == {"version": "0.1.0", "pluginDownloadURL": "https://example.com"}


def test_other_version_of_the_plugin_replaces_nothing(plugin: Plugin) -> None:
    """An upgrade would build and publish every layer again."""
    request = provider_pb2.DiffRequest(olds=properties(version="0.1.0"), news=properties(version="0.2.0"))
    assert plugin.DiffConfig(request).changes == DIFF.DIFF_NONE


def test_login_of_the_stack_reaches_a_build(plugin: Plugin, engine: RecordingEngine, replace: Replace) -> None:
    """A package of a private index could not be downloaded."""
    key = "poetry-layer:httpBasic.x.password"
    found: list[Any] = []

    def create(*_: Any) -> CreateResult:
        found.append(provider._configurations[-1](key))
        return CreateResult("id", {})

    replace("create", create)
    construct(plugin, engine, {"runtime": "python3.12"}, config={key: "hush"})
    plugin.Create(provider_pb2.CreateRequest(urn=URN, properties=properties()))
    assert found == ["hush"]


def test_resource_of_another_release_is_refused(plugin: Plugin) -> None:
    """The engine would wait for an answer, or show a traceback."""
    urn = URN.replace("LayerBuild", "Newer")
    with pytest.raises(grpc.RpcError) as caught:
        plugin.Diff(provider_pb2.DiffRequest(urn=urn))
    assert caught.value.details() == "poetry-layer:index:Newer is not a resource of poetry-layer"


def test_interrupted_deployment_is_no_error(plugin: Plugin) -> None:
    """Ctrl-C would show an error of the plugin."""
    assert plugin.Cancel(empty_pb2.Empty()) == empty_pb2.Empty()


def test_lines_are_lost_without_an_engine(capsys: pytest.CaptureFixture[str]) -> None:
    """`pulumi package get-schema` of an older release would fail, or read a line as the port."""
    with Messages("").speaking_for(STACK):
        say("a line")
    assert capsys.readouterr().out == ""


def test_diff_of_the_provider_is_used(plugin: Plugin, replace: Replace) -> None:
    """A provider that replaces would only update."""
    replace("diff", lambda *_: DiffResult(changes=True, replaces=["zip"]))
    assert list(plugin.Diff(provider_pb2.DiffRequest(urn=URN)).replaces) == ["zip"]
