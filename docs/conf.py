"""Sphinx's configuration: the site of these pages, built by `make docs`. Every warning is an error."""

project = "rds-enrollment-operator"
author = "The authors of rds-enrollment-operator"
extensions = ["myst_parser"]
myst_enable_extensions = ["attrs_inline", "colon_fence"]
myst_heading_anchors = 4
"""Anchors as code hosts make them, so that a link to a heading works in both."""

html_theme = "furo"
html_title = "rds-enrollment-operator"
html_copy_source = False
html_show_sphinx = False
nitpicky = True
