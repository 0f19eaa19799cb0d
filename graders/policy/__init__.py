"""The course's policy as pure functions: late days, what counts, the choice, the final grade.

No SQL, no processes and no clock: instants and numbers are arguments, so that a stored grade can
be computed again from its facts alone.
"""

from graders.policy.choice import Chosen, choose
from graders.policy.counting import Counted, counted
from graders.policy.final import final_grade
from graders.policy.late import decide, shifted

__all__ = ["Chosen", "Counted", "choose", "counted", "decide", "final_grade", "shifted"]
