"""The page that paints in a browser: what it is made of, as a folder and served on this machine.

In: names of styles and files of networks; what `make site` built from `web/`. Out: a folder for any
web host, or a server that only this machine reaches.
"""

from fastnst.page.choice import Choice, choose
from fastnst.page.server import PageServer
from fastnst.page.site import write_site

__all__ = ["Choice", "PageServer", "choose", "write_site"]
