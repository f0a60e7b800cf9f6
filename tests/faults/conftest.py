"""What tests of chance keep, they keep out of the checkout."""

from tempfile import TemporaryDirectory

from hypothesis.configuration import set_hypothesis_home_dir

_HOME = TemporaryDirectory(prefix="hypothesis-")  # gone with the process
set_hypothesis_home_dir(_HOME.name)
