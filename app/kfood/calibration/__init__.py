"""Answers that an app can act on: fitted on validation photos, judged on test, stored with the run."""
