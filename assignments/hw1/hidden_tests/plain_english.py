"""Plain English that no headline resembles: perplexity on it shows what an adapter has forgotten.

The sentences were written for this test.
"""

SENTENCES = (
    "The kettle on the stove began to whistle just as she opened the letter from her brother.",
    "Water expands a little when it freezes, which is why ice floats on the surface of a lake.",
    "He walked along the river until the path ended at an old wooden fence.",
    "To make the dough, mix the flour and the salt, then add warm water slowly.",
    "The library closes at six on weekdays, but on Saturdays it stays open until nine.",
    "My grandmother kept her buttons in a tin box that had once held biscuits.",
    "A triangle with three equal sides also has three equal angles.",
    "The children were asked to draw the animal that they would most like to meet.",
    "Because the road was closed, the bus took a longer way through the village.",
    "Bees visit flowers to collect nectar, and they carry pollen from one plant to another.",
    "She tuned the guitar carefully before she played the first song of the evening.",
    "If you leave the window open at night, the room will be cold in the morning.",
    "The train to the coast leaves from the second platform every forty minutes.",
    "Most of the houses on this street were built of brick more than a century ago.",
    "He could not find his glasses because he was wearing them on top of his head.",
    "The teacher wrote the date on the board and asked everyone to open their books.",
    "Light from the sun needs about eight minutes to reach the earth.",
    "When the rain stopped, the farmers went back to the field to finish their work.",
    "A good knife should be sharp, well balanced and easy to clean.",
    "They agreed to meet in front of the museum at half past three.",
    "The cat slept on the chair by the heater for the whole afternoon.",
    "Our neighbours grow tomatoes, beans and a few sunflowers behind their garage.",
    "The map showed two ways across the mountains, and both of them were steep.",
    "Before you paint the wall, wash it and let it dry for a day.",
    "Iron rusts when it is left in damp air for a long time.",
    "She read the last page twice and then put the book back on the shelf.",
    "The small boat turned slowly in the wind and drifted towards the shore.",
    "In winter the sun sets so early that the street lamps are on before dinner.",
    "The doctor told him to rest for a week and to drink plenty of water.",
    "Every number that ends in zero can be divided by ten.",
)
