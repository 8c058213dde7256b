"""Decides what is in a layer. Pure: the same texts and arguments give the same plan on every host.

- ``target``: a Lambda runtime and architecture → marker values and wheel tags.
- ``python_patch``: the patch release of Python that a plan assumes, and whether the project allows it.
- ``build_plan``: the plan of a layer and its fingerprint.
- ``planner``: project, lock file and target → ``BuildPlan``.
- ``selection``: groups, extras, markers and exclusions → the packages of the layer.
- ``exclusion``: which packages are left out, and why; warns if the runtime has an older AWS SDK.
- ``runtime_packages``: the distributions that Lambda's runtimes have.
- ``several_versions``: one version of each package, if a lock file selects several.
- ``dependency_graph``: the dependencies that apply on a target.
- ``requirement_graph``: why each package is in a layer: what requires it, and on which paths.
- ``chooser``: the locked file of each package that is installed on the target.
- ``file_policy``: which packages may use wheels and sdists.
- ``build_constraints``: what limits the build requirements of each package.
- ``old_locks``: the selection for lock versions before 2.1.

May import ``poetry``, ``errors``, ``masking`` and ``names`` only.
"""
