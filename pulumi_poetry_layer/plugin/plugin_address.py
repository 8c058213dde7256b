"""How the engine was asked for this plugin: it starts another process for another version or URL."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi


@dataclass
class PluginAddress:
    """How the engine was asked for this plugin.

    Attributes:
        version: the version of the plugin.
        download_url: where the engine may download it.
    """

    version: str | None = None
    download_url: str | None = None

    def options(self, name: str, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
        """Options of a resource that this process serves; ``name`` is its name in Python programs."""
        own = pulumi.ResourceOptions(
            aliases=[pulumi.Alias(type_=f"pulumi-python:dynamic/poetry-layer:{name}")],
            version=self.version,
            plugin_download_url=self.download_url,
        )
        return pulumi.ResourceOptions.merge(opts, own)
