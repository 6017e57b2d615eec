"""The demo school: invented by one seed, relative to today, with accounts for every kind of reader."""

from diary.demo.build import DemoSchool, build, demo_exists

__all__ = ["DemoSchool", "build", "demo_exists"]
