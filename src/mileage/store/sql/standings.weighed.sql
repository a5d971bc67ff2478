select lenses from standing_weighed
