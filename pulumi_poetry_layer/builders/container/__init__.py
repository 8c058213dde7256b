"""The container builder: ``poetry install`` in a Docker container of the Lambda build image.

- ``builder``: :class:`ContainerBuilder` and its arguments.
- ``image``: the build image, and the image with Poetry that is made from it.
- ``container``: start a container, run programs in it, copy files in and out.
- ``compiler``: compiles the modules of the layer with the Python of the container.
- ``archives``: the archives in which files are copied.
- ``environment``: the environment variables and certificates that programs in the container get.
- ``daemon``: the connection to the Docker daemon, and its errors.
- ``docker_cache``: the images and the volume that are kept between builds.

No other room imports ``docker``. May import ``builders``, ``builders.poetry`` and the rooms below ``builders``.
"""
