"""Two wrong solutions of the toy assignment."""

ADD = """
[[mutant]]
id = "add_forgets"
file = "sums.py"
find = "return a + b"
replace = "return a"
kills = ["toy.sums.add"]
message = "toy.sums.wrong"
"""
ORDER = """
[[mutant]]
id = "unsorted"
file = "sums.py"
find = "sorted(xs)"
replace = "xs"
kills = ["toy.sums.order"]
"""
