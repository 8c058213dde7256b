"""Functions with a layer on AWS's own emulator of Lambda."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from pulumi_poetry_layer import ContainerBuilder, build_layer

from .harness import Machine
from .harness.containers import NETWORK, connect_to_docker
from .harness.emulator import Emulator
from .harness.one_layer import PROJECTS, RUNTIME

pytestmark = pytest.mark.measured

ARCHITECTURE = "arm64" if platform.machine() == "aarch64" else "x86_64"
OTHER_ARCHITECTURE = "x86_64" if ARCHITECTURE == "arm64" else "arm64"
FIXTURES = PROJECTS.parents[1] / "benchmarks" / "fixtures"
TEMPORARY = "/tmp"  # noqa: S108 - the one of the function
IMPORTS_YAML = """
import idna, six, yaml

def handler(event, context):
    print("the version is", yaml.__version__)
    files = [module.__file__ for module in (idna, six, yaml, yaml._yaml)]
    return {"answer": yaml.safe_load(event["text"]), "native": yaml.__with_libyaml__, "files": files}
"""
LOOKS_AROUND = """
import importlib.util, os, sys

def attempt(function, *arguments):
    try:
        return function(*arguments) and "done"
    except OSError as error:
        return os.strerror(error.errno)

def handler(event, context):
    return {
        "user": os.getuid(),
        "path": sys.path[:4],
        "variables": dict(os.environ),
        "passwd": open("/etc/passwd").read(),
        "root": sorted(os.listdir("/")),
        "seen": {path: attempt(os.stat, path) for path in event["paths"]},
        "written": {path: attempt(open, path + "/new", "w") for path in event["folders"]},
        "kernel": attempt(open, "/proc/sys/kernel/core_pattern", "a"),
        "packages of this machine": [name for name in ("pip", "setuptools") if importlib.util.find_spec(name)],
        "processes": [name for name in os.listdir("/proc") if name.isdecimal()],
    }
"""


def layer_of(
    machine: Machine, folder: Path, builder: str, project: Path, *options: str, runtime: str = RUNTIME
) -> Path:
    """The layer that a builder makes of a project."""
    output = folder / "layer.zip"
    target = ["--runtime", runtime, "--architecture", ARCHITECTURE, "--builder", builder]
    command = ["python", "-m", "pulumi_poetry_layer", "build", "--project-dir", str(project), *target, *options]
    done = machine.run([*command, "--output", str(output)], cwd=folder)
    assert done.returncode == 0, done.stderr
    return output


def zip_of(folder: Path, **files: str) -> Path:
    """A layer with these modules."""
    path = folder / "layer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"python/{name}.py", text)
    return path


@pytest.mark.parametrize("builder", ["wheels", "local"])
def test_function_imports_from_the_layer_of_each_builder(emulator: Emulator, tmp_path: Path, builder: str) -> None:
    """Otherwise a layer is published that its function cannot load."""
    layer = layer_of(emulator.machine, tmp_path, builder, PROJECTS / "base", "--extra", "yaml")

    done = emulator.invoke(layer, IMPORTS_YAML, {"text": "{a: [1, 2]}"})

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["answer"], answer["native"]) == ({"a": [1, 2]}, True)
    assert all(file.startswith("/opt/python/") for file in answer["files"])
    assert "the version is 6.0.2" in done.stderr


@pytest.mark.docker
def test_function_imports_from_the_layer_of_the_container_builder(tmp_path: Path, emulator: Emulator) -> None:
    """Otherwise a package that was compiled in the build image is published, and cannot be loaded in Lambda."""
    connect_to_docker().close()
    layer = build_layer(
        project_dir=PROJECTS / "compiled",
        runtime=RUNTIME,
        architecture=ARCHITECTURE,
        builder=ContainerBuilder(network=NETWORK),
        output=tmp_path / "layer.zip",
    )
    code = "import markupsafe._speedups as m\n\ndef handler(event, context):\n    return m.__file__\n"

    done = emulator.invoke(layer.path, code, {})

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout).startswith("/opt/python/markupsafe/_speedups")


PRINTS_WHAT_IS_COMPILED = """
import importlib.util, sys
import idna, six, yaml

def handler(event, context):
    modules = [m for m in sys.modules.values() if (getattr(m, "__file__", None) or "").startswith("/opt/python/")]
    loaded = [m for m in modules if m.__file__.endswith(".py")]
    checked = [open(m.__cached__, "rb").read()[4:8] for m in loaded]
    return [sorted(m.__name__ for m in loaded), [*{*map(bytes.hex, checked)}], idna.encode.__code__.co_filename]
"""


@pytest.mark.parametrize("builder", ["wheels", "local"])
def test_function_uses_the_compiled_modules(emulator: Emulator, tmp_path: Path, builder: str) -> None:
    """Otherwise bytecode makes the layer larger, and no function faster."""
    layer = layer_of(emulator.machine, tmp_path, builder, PROJECTS / "base", "--extra", "yaml", "--bytecode")
    with zipfile.ZipFile(layer) as archive:
        compiled = {name: archive.read(name) for name in archive.namelist() if name.endswith(".pyc")}

    done = emulator.invoke(layer, PRINTS_WHAT_IS_COMPILED, {}, "--env", "PYTHONVERBOSE=1")

    assert done.returncode == 0, done.stderr
    names, flags, file = json.loads(done.stdout)
    assert {"idna", "idna.core", "six", "yaml", "yaml.loader"} <= {*names}
    assert flags == ["01000000"]
    assert file == "/opt/python/idna/core.py"
    assert (
        f"# code object from '/opt/python/__pycache__/six.cpython-{RUNTIME.replace('python3.', '3')}.pyc'"
        in done.stderr
    )
    assert "code object from /opt/python/" not in done.stderr  # a module that was compiled there
    others = tmp_path / "other"
    others.mkdir()
    wheels = layer_of(emulator.machine, others, "wheels", PROJECTS / "base", "--extra", "yaml", "--bytecode")
    with zipfile.ZipFile(wheels) as archive:
        assert {name: archive.read(name) for name in archive.namelist() if name.endswith(".pyc")} == compiled


def test_function_sees_what_lambda_has_and_nothing_of_this_machine(emulator: Emulator, tmp_path: Path) -> None:
    """Otherwise a function works here because of this machine, or reads the user's secrets."""
    emulator = replace(emulator, variables={**emulator.variables, "SECRET": "of-this-machine"})
    home = str(emulator.machine.home)
    event = {
        "paths": [home, str(Path.home()), str(tmp_path), sys.prefix, "/bin/sh", "/usr/lib", "/etc/shadow", "/sys"],
        "folders": [
            "/opt",
            "/opt/python",
            "/var/task",
            "/var/runtime",
            "/var/lang/bin",
            "/",
            "/etc",
            "/dev",
            TEMPORARY,
        ],
    }

    done = emulator.invoke(zip_of(tmp_path, module=""), LOOKS_AROUND, event, "--env", f"STAGE={tmp_path.name}")

    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    modules = f"/opt/python/lib/{RUNTIME}/site-packages"
    assert seen["path"] == ["/var/task", modules, "/opt/python", "/var/runtime"]
    assert seen["user"] == 993
    assert seen["passwd"].startswith("sbx_user1051:")
    assert seen["passwd"].count("\n") == 1
    assert {*seen["root"]} - {"lib"} == {"dev", "etc", "lib64", "opt", "proc", "tmp", "usr", "var"}
    assert {*seen["seen"].values()} == {"No such file or directory"}
    assert seen["written"].pop(TEMPORARY) == "done"
    assert seen["kernel"] == "Read-only file system"
    assert {*seen["written"].values()} == {"Read-only file system"}
    assert seen["variables"]["STAGE"] == tmp_path.name
    assert not [value for value in seen["variables"].values() if "of-this-machine" in value or home in value]
    assert seen["packages of this machine"] == []
    assert len(seen["processes"]) == 2  # the emulator and the function
    assert processes_with(f"STAGE={tmp_path.name}") == []


def test_exception_of_a_function_is_an_error_and_its_traceback_is_in_the_log(
    emulator: Emulator, tmp_path: Path
) -> None:
    """Otherwise a script that tries a layer continues after a failure."""
    code = "def handler(event, context):\n    raise KeyError(event)\n"
    layer = zip_of(tmp_path, module="")

    done = emulator.invoke(layer, code, "stock")
    assert (done.returncode, done.stdout) == (1, "")
    assert "line 2, in handler" in done.stderr
    assert done.stderr.endswith("error: app.handler: KeyError: 'stock'\n")

    done = emulator.invoke(layer, code, "stock", "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["answer"], document["error"]["type"]) == (1, None, "KeyError")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import time\n\ndef handler(event, context):\n    time.sleep(3600)\n", "Task timed out after 1.00 seconds"),
        ("import time\n\ntime.sleep(3600)\n", "Task timed out after 1.00 seconds"),
        ("import os\n\ndef handler(event, context):\n    os.abort()\n", "Runtime exited with error: signal: aborted"),
        ("import gone\n", "Unable to import module 'app': No module named 'gone'"),
    ],
    ids=["handler", "import", "crash", "module"],
)
def test_function_that_never_answers_is_an_error_after_the_timeout(
    emulator: Emulator, tmp_path: Path, code: str, error: str
) -> None:
    """Otherwise the command hangs, or the user does not see why there is no answer."""
    started = time.monotonic()
    done = emulator.invoke(zip_of(tmp_path, module=""), code, {}, "--timeout", "1")
    assert done.returncode == 1
    assert error in done.stderr.splitlines()[-1]
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_signal_ends_the_function_and_leaves_nothing_behind(
    emulator: Emulator, tmp_path: Path, number: signal.Signals
) -> None:
    """Otherwise each Ctrl-C leaves a running function, a mount or a folder."""
    code = "import time\n\ndef handler(event, context):\n    print('sleeping')\n    time.sleep(3600)\n"
    marker = f"MARKER={tmp_path}"
    command = emulator.command(zip_of(tmp_path, module=""), code, {}, "--env", marker, "--timeout", "900")
    before = {*emulator.machine.temporary.iterdir()}
    variables = {**emulator.machine.environment, **emulator.variables}
    process = subprocess.Popen(command, env=variables, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    assert any("sleeping" in line for line in process.stderr)
    assert processes_with(marker)

    process.send_signal(number)

    process.communicate(timeout=60)
    assert process.returncode == -number
    until = time.monotonic() + 30
    while processes_with(marker) and time.monotonic() < until:
        time.sleep(0.01)
    assert processes_with(marker) == []
    if number != signal.SIGKILL:  # then the next command removes the folders
        assert {*emulator.machine.temporary.iterdir()} == before


def processes_with(marker: str) -> list[str]:
    """The processes with this environment variable, as far as this user may see their variables."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if marker.encode() in (folder / "environ").read_bytes():
                found.append(folder.name)
        except OSError:  # it has ended, or is another user's
            continue
    return found


def test_missing_library_fails_on_the_emulator_as_the_static_check_says(emulator: Emulator, tmp_path: Path) -> None:
    """Otherwise one of the two is wrong about what Lambda has."""
    pip = ["python", "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(tmp_path)]
    assert emulator.machine.run([*pip, "pyodbc==5.3.0"], cwd=tmp_path).returncode == 0
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(tmp_path / "layer.zip", "w") as layer:
        for name in source.namelist():
            layer.writestr(f"python/{name}", source.read(name))

    done = emulator.verify(tmp_path / "layer.zip", "--json")

    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    assert document["imported"] == []
    static, imported = [finding for finding in document["findings"] if finding["severity"] == "error"]
    assert static["problem"] == f"needs libodbc.so.2, which neither the layer nor {RUNTIME} has"
    assert imported["package"] == "pyodbc 5.3.0"
    assert imported["problem"].startswith("`import pyodbc` fails: ImportError: libodbc.so.2: cannot open shared object")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("project", "runtime", "count"),
    [
        (PROJECTS.parent / "differential" / "projects" / "native", "python3.11", 32),
        (FIXTURES / "medium", "python3.13", 37),
    ],
    ids=["native", "medium"],
)
def test_all_modules_of_popular_packages_can_be_imported(
    emulator: Emulator, tmp_path: Path, project: Path, runtime: str, count: int
) -> None:
    """Otherwise the command has findings where a function has no problem, and nobody uses it."""
    emulator = replace(emulator, runtime=runtime)
    layer = layer_of(emulator.machine, tmp_path, "wheels", project, runtime=runtime)

    done = emulator.verify(layer, "--json")

    assert done.returncode == 0, done.stdout
    document = json.loads(done.stdout)
    assert document["findings"] == []
    assert len(document["imported"]) == count


def test_each_module_that_cannot_be_imported_is_a_finding(emulator: Emulator, tmp_path: Path) -> None:
    """Otherwise one crash hides all other problems."""
    layer = zip_of(
        tmp_path,
        crashes="import os\nos.abort()\n",
        divides="1 / 0\n",
        needs="import gone\n",
        works="import boto3, awslambdaric\n",
    )

    done = emulator.verify(layer, "--json")

    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    assert document["imported"] == ["works"]
    assert [(finding["severity"], finding["problem"]) for finding in document["findings"]] == [
        ("error", "`import crashes` fails: Runtime.ExitError: Runtime exited with error: signal: aborted"),
        ("error", "`import divides` fails: ZeroDivisionError: division by zero"),
        ("warning", "`import needs` fails: ModuleNotFoundError: No module named 'gone'"),
    ]


def test_layer_for_another_machine_is_only_checked_statically(emulator: Emulator, tmp_path: Path) -> None:
    """Otherwise a developer with another processor cannot use the command, or believes that all was imported."""
    done = emulator.verify(zip_of(tmp_path, module="1 / 0\n"), "--architecture", OTHER_ARCHITECTURE)
    assert done.returncode == 0, done.stderr
    assert "the modules of the layer were not imported: emulator: cannot run" in done.stderr
    assert "as far as that can be seen without running it" in done.stdout


def test_missing_emulator_is_an_error_that_says_how_to_install_it(emulator: Emulator, tmp_path: Path) -> None:
    """Otherwise the user does not know what to install."""
    command = emulator.command(zip_of(tmp_path, module=""), "", {})
    folders = [folder for folder in os.environ["PATH"].split(os.pathsep) if not Path(folder, "aws-lambda-rie").exists()]
    path = os.pathsep.join([str(Path(sys.executable).parent), *folders])
    done = emulator.machine.run(command, cwd=tmp_path, env={"PATH": path})
    assert done.returncode == 1
    assert "error: emulator: aws-lambda-rie was not found on PATH" in done.stderr
    assert "https://github.com/aws/aws-lambda-runtime-interface-emulator/releases to ~/.aws-lambda-rie/" in done.stderr
