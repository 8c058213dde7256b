"""A stand-in for Pulumi's AWS plugin that talks to a local moto server and to nothing else.

Pulumi's own plugin is a binary that no package registry carries. This one answers the same resource tokens
with the same property names, so programs under test stay exactly what somebody would deploy to AWS. It covers
the few resources that the tests and the demo create and refuses everything else by name.
"""
