select "values"[$place] as value from honour_measured where value > 0 order by value
