"""What words are before any layer: BERT's embeddings.

Legend: B rows, L word pieces, D width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from model.heads import LAYER_NORM_EPS
from model.layers import Dropout, WordTable
from model.specs import Network
from model.word_positions import WordPositions


class TextEmbeddings(nn.Module):
    """Word + position + type, layer norm, dropout. There is one type in use; BERT's table has two."""

    def __init__(self, network: Network, tokens: Sequence[str], *, positions: str) -> None:
        super().__init__()
        self.words = WordTable(len(tokens), network.hidden_size)
        self.positions = nn.Embedding(network.max_positions, network.hidden_size)
        self.types = nn.Embedding(2, network.hidden_size)
        self.norm = nn.LayerNorm(network.hidden_size, eps=LAYER_NORM_EPS)
        self.dropout = Dropout(network.dropout_rate)
        self.word_positions = WordPositions(tokens) if positions == "word" else None

    def forward(self, text_BL: Tensor) -> tuple[Tensor, Tensor]:
        """What the words are, (B, L, D), and the word table for those who decode with it, (V, D)."""
        words_BLD, table_VD = self.words.look_up(text_BL)
        places_BLD = self._positions(text_BL) + self.types.weight[0]
        return self.dropout(self.norm(words_BLD + places_BLD)), table_VD

    def _positions(self, text_BL: Tensor) -> Tensor:
        if self.word_positions is None:
            return self.positions.weight[: text_BL.shape[1]]
        found_BLD: Tensor = self.positions(self.word_positions(text_BL))
        return found_BLD
