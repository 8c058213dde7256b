"""From a layer request to the layer zip.

Modules:

- ``request``: what a user asks for, and the two project files.
- ``completion``: completes what a user leaves out, with the defaults of the project and of this package.
- ``planning``: reads and parses the project files, and plans the layer.
- ``build``: plan → build → verify → zip; also ``build_layer`` for plain Python.
- ``logins``: which indexes of the project need a login.
- ``several_targets``: the same layer for several targets, planned together and built side by side.
- ``savings``: what can be left out of a layer that is too large.
- ``artifact``: the result of a build.
- ``documents``: plans and results as JSON documents.
- ``output``: where a build may write its zip.
- ``zip_store``: the zips in the build folder beside a Pulumi program.
- ``compare_request``: compares a request with an older lock file or another project folder.
- ``reasons``: why the packages of a layer are in it.
- ``inspection``: lists what is in a layer zip, and compares two.
- ``sbom``: the packages of a layer as a CycloneDX document.
- ``layer_page``: writes the page that shows a layer, or two, in a browser.
- ``zip_target``: the runtime and architecture of a layer zip that is built already.
- ``verification``: checks a layer zip without running it.
- ``invocation``: invokes a function with a layer on the emulator, and imports the modules of a layer there.
- ``stack_credentials``: credentials for indexes from the configuration of a Pulumi stack.

May import ``emulator``, ``inspection``, ``size``, ``builders`` and every room below them. This file imports nothing, so
that importing one module does not load the others.
"""
