"""From the layer zip to a layer version in AWS.

Modules:

- ``seams``: what depends on the process that declares a layer: a Python program, or the plugin.
- ``labels``: names for the layers of a program, for paths and messages.
- ``layer_version``: declares the ``LayerVersion``, and the S3 object if there is a bucket.
- ``layer_zip``: declares the build of the zip, and the hooks that build it if it is missing.
- ``retention``: declares the resource that deletes old versions.
- ``sharing``: declares who else may use the layer version.
- ``threads``: threads in which zips are built.
- ``archive_hash``: the archive value with the fingerprint as its hash, and the name of the zip.
- ``build_folder``: the folder with the zips, and the placeholder before a zip is built.
- ``kept_hash``: restores that hash if a resource transform of the program removed it.
- ``plugin_copy``: makes sure, before the upload, that the AWS plugin uploads the zip of this layer.
- ``drift``: compares the published zip with the built one.

May import ``provider``, ``layer`` and every room below it. Together with ``component``, ``matrix``, the two modules of
arguments, ``kept_versions``, ``provider`` and ``sdk_internals``, this is the only code that imports Pulumi. This file
imports nothing: the provider's process must not load ``pulumi_aws``.
"""
