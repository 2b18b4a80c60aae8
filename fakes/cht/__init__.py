"""A fake of the Community Health Toolkit (CHT) Core server: its SMS interfaces, documents and background work.

The behaviour is that of release 5.2, or of an older one (`releases`), weaknesses included; each module names the part
of cht-core that it stands for.
"""

from fakes.cht.service import Cht

__all__ = ["Cht"]
