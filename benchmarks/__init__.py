"""How long it takes to make a layer, beside what people use for that today; ``make bench`` runs it."""
