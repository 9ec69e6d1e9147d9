"""The C and C++ extensions; everything else is in pyproject.toml.

CMake builds hocket._hocket from src/ and the engine. The engine's sources are in the repository around this folder; an sdist
has a copy in engine/. scikit-build-core would do the same, but Debian 12 does not have it, and this must also build from
Debian's packages alone.
"""

import os
import pathlib
import shutil
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

HERE = pathlib.Path(__file__).resolve().parent
# What python/CMakeLists.txt needs of the repository.
ENGINE = ("src/engine", "include/hocket/engine", "cmake")


def repository():
    """The folder with the engine's sources."""
    return HERE / "engine" if (HERE / "engine").is_dir() else HERE.parent


class BuildExtensions(build_ext):
    def build_extension(self, extension):
        if extension.name != "hocket._hocket":
            super().build_extension(extension)
            return
        if shutil.which("cmake") is None:
            raise SystemExit("hocket needs CMake to build its extension: apt install cmake, or pip install cmake")
        build = pathlib.Path(self.build_temp).resolve() / "cmake"
        configure = [
            "cmake",
            f"-S{HERE}",
            f"-B{build}",
            f"-DHOCKET_ROOT={repository()}",
            f"-DPython_EXECUTABLE={sys.executable}",
            "-DCMAKE_BUILD_TYPE=Release",
        ]
        if shutil.which("ninja"):
            configure.append("-GNinja")
        subprocess.run(configure, check=True, stdout=subprocess.DEVNULL)
        jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL") or str(os.cpu_count())
        subprocess.run(["cmake", "--build", build, "--target", "_hocket", "--parallel", jobs], check=True)
        target = pathlib.Path(self.get_ext_fullpath(extension.name)).resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        (built,) = build.glob("_hocket.*.so")
        shutil.copy2(built, target)


class SourceDistribution(sdist):
    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        for folder in ENGINE:
            target = pathlib.Path(base_dir) / "engine" / folder
            if not target.exists():
                shutil.copytree(repository() / folder, target)


setup(
    ext_modules=[
        Extension("hocket.choose._native", ["src/choose_native.c"], extra_compile_args=["-std=c11", "-Wall", "-Wextra"]),
        Extension("hocket._hocket", []),
    ],
    cmdclass={"build_ext": BuildExtensions, "sdist": SourceDistribution},
)
