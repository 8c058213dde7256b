"""The documentation site: extensions of Sphinx, so that its sources stay plain Markdown, and what tests check in it.

``docs/conf.py`` loads the extensions. Modules:

- ``code_blocks``: the code blocks of all pages, which tests check, and the reasons for those that cannot be checked.
- ``contents``: the tables of contents, from the lists of links in docs/index.md.
- ``docstrings``: what is changed in docstrings for the reference.
- ``message_texts``: the texts of all error messages, which a test compares with docs/error-messages.md.
- ``repository_links``: links to files outside of docs/, which are pages of the repository's host on the site.
"""
