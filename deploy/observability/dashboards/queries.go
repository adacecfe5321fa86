package dashboards

import "fmt"

// rate is the growth of a counter in a second, summed by labels; by "" sums all.
func rate(counter, by string) string { return sum("rate("+counter+"[$__rate_interval])", by) }

// grown is how much a counter grew in the time that is shown.
func grown(counter, by string) string { return sum("increase("+counter+"[$__range])", by) }

func sum(expr, by string) string {
	if by == "" {
		return "sum(" + expr + ")"
	}
	return fmt.Sprintf("sum by (%s) (%s)", by, expr)
}

func highest(expr, by string) string { return fmt.Sprintf("max by (%s) (%s)", by, expr) }

// quantile reads a quantile off a classic histogram, of all series or by
// labels. selector is what stands between the braces.
func quantile(q, histogram, selector, by string) string {
	if selector != "" {
		selector = "{" + selector + "}"
	}
	if by != "" {
		by += ", "
	}
	return fmt.Sprintf("histogram_quantile(%s, sum by (%sle) (rate(%s_bucket%s[$__rate_interval])))", q, by, histogram, selector)
}

// spread is the median and the two tails that students talk about.
func spread(histogram, selector string) []Query {
	var qs []Query
	for _, q := range []string{"0.5", "0.95", "0.99"} {
		qs = append(qs, Query{quantile(q, histogram, selector, ""), map[string]string{"0.5": "half", "0.95": "95 %", "0.99": "99 %"}[q]})
	}
	return qs
}

// one is a list of one query.
func one(expr, legend string) []Query { return []Query{{expr, legend}} }
