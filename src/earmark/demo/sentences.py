"""What the synthesised voices say."""

from __future__ import annotations

COMMANDS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("what time is it", "getTime", {}),
    ("what is the date", "getDate", {}),
    ("set a timer for ten minutes", "setTimer", {"minutes": "10"}),
    ("set a timer for five minutes", "setTimer", {"minutes": "5"}),
    ("cancel the timer", "cancelTimer", {}),
    ("set an alarm for seven", "setAlarm", {"hour": "7"}),
    ("turn the volume up", "volumeUp", {}),
    ("turn the volume down", "volumeDown", {}),
    ("what is on my shopping list", "readList", {}),
    ("clear my shopping list", "clearList", {}),
    ("add milk to my shopping list", "addToList", {"item": "milk"}),
    ("add bread to my shopping list", "addToList", {"item": "bread"}),
    ("add eggs to my shopping list", "addToList", {"item": "eggs"}),
    ("what did you hear", "whatHeard", {}),
    ("can I get a large latte", "orderDrink", {"size": "large", "coffeeDrink": "latte"}),
    ("make me a small espresso", "orderDrink", {"size": "small", "coffeeDrink": "espresso"}),
    ("I want a medium cappuccino with sugar", "orderDrink",
     {"size": "medium", "coffeeDrink": "cappuccino", "sugarAmount": "sugar"}),
    ("give me a double shot americano", "orderDrink", {"numberOfShots": "double shot", "coffeeDrink": "americano"}),
    ("get me a dark roast coffee with cream", "orderDrink",
     {"roast": "dark roast", "coffeeDrink": "coffee", "milkAmount": "cream"}),
    ("may I have a large iced coffee with brown sugar", "orderDrink",
     {"size": "large", "coffeeDrink": "iced coffee", "sugarAmount": "brown sugar"}),
    ("brew a light roast drip coffee", "orderDrink", {"roast": "light roast", "coffeeDrink": "drip coffee"}),
    ("can I have a triple shot mocha with skim milk", "orderDrink",
     {"numberOfShots": "triple shot", "coffeeDrink": "mocha", "milkAmount": "skim milk"}),
    ("I'd like a twelve ounce latte with soy milk", "orderDrink",
     {"size": "twelve ounce", "coffeeDrink": "latte", "milkAmount": "soy milk"}),
    ("make me a small iced mocha with a lot of cream", "orderDrink",
     {"size": "small", "coffeeDrink": "iced mocha", "milkAmount": "a lot of cream"}),
)  # fmt: skip
"""Text, intent, slots: each is said once by a voice to learn from and once by one held out."""

OTHER_SPEECH: tuple[str, ...] = (
    "did you see the game last night",
    "we should visit my sister in the spring",
    "the train to the coast leaves at noon on sundays",
    "he painted the fence before the rain came",
    "nobody told me that the shop was closed",
    "the children are playing in the garden",
    "please close the window when you leave the room",
    "that book was much longer than the film",
    "I forgot my umbrella on the bus again",
    "the neighbours have bought a new car",
    "my teacher said that the answer was wrong",
    "there is a lovely view from the top of the hill",
    "we had soup and bread for dinner",
    "the museum opens an hour later in winter",
    "she plays the violin better than I do",
    "turn left at the church and then go straight on",
)
"""Speech after a wake that is no command."""

CONFUSABLES: tuple[str, ...] = (
    "a lexus",
    "election",
    "elixir",
    "a letter",
    "alexis",
    "i like her",
    "a lecture",
    "select a",
    "electric",
    "a leper",
    "hey lexi",
    "the election",
    "a lexical",
    "unacceptable",
    "perplexed her",
    "a legs are",
    "olexa",
    "allexus",
)
"""Phrases that sound like the wake word."""
