"""LocalBuilder: real ``poetry install`` on this host, in a folder of its own.

The way of the Poetry builder of https://github.com/kabisa/terraform-aws-lambda-artifact-builder: copies of the two
files in an isolated folder, a virtual environment inside it, ``poetry install --no-root``, and the site-packages of
that environment become the layer.
"""
