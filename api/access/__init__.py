"""Signing in and out, the viewer's own page, and a pupil as a page is headed with."""
