"""The competition's story: collect answers, check, score, stand; and what is fixed beforehand.

The rules are in `config`, the sealed split in `seal` and `build`, who may be scored in `limits`,
`selection` and `attempts`, the board in `score` and `rounds`, the way back to grades in `grades`.
"""
