"""The pages of a board: static, self-contained, in the course's languages; and its data files."""

from leaderboard.pages.site import Site, write_board, write_site

__all__ = ["Site", "write_board", "write_site"]
