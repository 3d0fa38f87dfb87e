"""The version, for people, for files and for servers that are asked for pictures."""

VERSION = "0.1.0"
