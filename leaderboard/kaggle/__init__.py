"""Kaggle's side of a competition: what a host uploads, and what comes back from there.

`export` writes the folder of a host, `imports` reads Kaggle's leaderboards and folders of
submissions, `teams` maps Kaggle's teams to students, `merge` puts both scores side by side, and
`sync` asks Kaggle's own client. Kaggle's package is imported by `sync` alone, and late: importing
it reads credentials.
"""
