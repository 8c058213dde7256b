"""A stand-in for Pulumi's AWS plugin that only connects to a local moto server.

Pulumi's own plugin is a binary that is not in any package registry. This one has the same resource tokens and property
names, so that tests and demo can use programs that also work on AWS. It supports the resources that the tests and the
demo create, and refuses all others.
"""
