"""From a locked package to its part of the layer zip.

- ``fetch``: gets the missing wheels into the cache: downloads them, or builds them from source.
- ``progress``: how far that is, for people who wait.
- ``reader``, ``member``: check a wheel and list the files that it adds to a layer.
- ``placement``: where files outside of site-packages go.
- ``record_check``, ``metadata``: what is wrong with RECORD, and the METADATA file of a distribution.
- ``native``: what native libraries (ELF files) need from the system that loads them.
- ``cache``: the wheel cache, one segment of a layer zip per wheel.
- ``stripped``: wheels without some of their files, which the cache has, too.
- ``compiled``: wheels with compiled modules, which the cache has, too.
- ``workers``: processes that read large wheels in parallel.
- ``built_version``: the version that a build gave, and the locked one.
- ``pip_config``: the indexes that pip is configured with.
- ``from_source``, ``build_environment``: build a wheel from an sdist, a git commit or a folder.
- ``path_dependencies``, ``included_files``, ``plain_folders``, ``surroundings``, ``git_files``: the content of path
  dependencies.

May import ``bytecode``, ``strip``, ``archive``, ``index``, ``plan`` and the rooms below them.
"""
