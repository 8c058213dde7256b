"""The plugin ``pulumi-resource-poetry-layer``: ``PoetryLayer`` for TypeScript, YAML, Go and other languages.

Pulumi starts it as a process of its own. It runs the component of Python programs, with seams of its own.

Modules:

- ``server``: the program: starts the server, and prints its port.
- ``servicer``: answers the engine: which requests there are, and how errors are sent.
- ``properties``: the properties of a resource in the protocol, and as values for its provider.
- ``components``: declares a component that a program asks for, and returns its outputs.
- ``inputs``: the inputs of a program, checked, as arguments of the component in Python.
- ``resources``: the resources that the component declares here, and the providers that serve them.
- ``plugin_address``: how the engine was asked for this plugin.
- ``messages``: shows lines to the user, under the resource that they belong to.
- ``schema``: reads ``schema.json``, which describes the components for all languages.

May import ``component``, ``matrix`` and every room below. This file imports nothing.
"""
