"""Pictures of networks and their links, as numbers for inline SVG.

Invariants, which `tests/gateway/test_pictures.py` holds:
1. No two boxes overlap, no two words, and no word a box, however many networks there are and however they are called.
2. A link's kind stands beside it as a word and in the style of its line; colour only helps.
3. The same networks and links make the same picture.
"""

from services.gateway.pictures.arcs import arcs
from services.gateway.pictures.layers import layers
from services.gateway.pictures.parts import Box, Link, Node, Picture, Section, Word

__all__ = ["Box", "Link", "Node", "Picture", "Section", "Word", "arcs", "layers"]
