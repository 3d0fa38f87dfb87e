"""Small things that tests share: files, networks, runs, clips."""
