package dashboards

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Sizes on Grafana's grid.
const (
	columns    = 24
	statWidth  = 4
	graphWidth = 8
	statHeight = 4
	height     = 8
)

type object = map[string]any

// source is the variable that chooses the Prometheus.
var source = object{"type": "prometheus", "uid": "${datasource}"}

// JSON returns what Grafana reads.
func (d Dashboard) JSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(object{
		"uid": d.UID, "title": "Studycast: " + d.Title, "description": d.Description, "tags": []string{"studycast"},
		"schemaVersion": 39, "version": 1, "editable": false, "graphTooltip": 1, "timezone": "browser",
		"refresh": "30s", "time": object{"from": "now-3h", "to": "now"},
		"links": []object{{
			"type": "dashboards", "title": "Studycast", "tags": []string{"studycast"},
			"asDropdown": false, "includeVars": true, "keepTime": true,
		}},
		"templating": object{"list": []object{{
			"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus",
			"hide": 0, "multi": false, "includeAll": false,
		}}},
		"annotations": object{"list": []object{}},
		"panels":      d.panels(),
	})
	return b.Bytes(), err
}

// panels lays the rows out, from left to right and down.
func (d Dashboard) panels() []object {
	var all []object
	y := 0
	for _, row := range d.Rows {
		all = append(all, object{
			"id": len(all) + 1, "type": "row", "title": row.Title, "collapsed": false, "panels": []object{},
			"gridPos": object{"x": 0, "y": y, "w": columns, "h": 1},
		})
		y++
		x, deepest := 0, 0
		for _, p := range row.Panels {
			w, h := p.size()
			if x+w > columns {
				x, y, deepest = 0, y+deepest, 0
			}
			all = append(all, p.object(len(all)+1, object{"x": x, "y": y, "w": w, "h": h}))
			x, deepest = x+w, max(deepest, h)
		}
		y += deepest
	}
	return all
}

func (p Panel) size() (w, h int) {
	w, h = graphWidth, height
	if p.Look == Stat {
		w, h = statWidth, statHeight
	}
	if p.Width > 0 {
		w = p.Width
	}
	return w, h
}

func (p Panel) object(id int, at object) object {
	kind := string(p.Look)
	if p.Look == Stacked {
		kind = string(Lines)
	}
	var targets []object
	for i, q := range p.Queries {
		t := object{"refId": string(rune('A' + i)), "expr": q.Expr, "legendFormat": q.Legend, "datasource": source, "range": true}
		if p.Look == Stat || p.Look == Table {
			delete(t, "range")
			t["instant"] = true
		}
		if p.Look == Table {
			t["format"] = "table"
		}
		targets = append(targets, t)
	}
	return object{
		"id": id, "type": kind, "title": p.Title, "description": p.Description, "gridPos": at, "datasource": source,
		"targets": targets, "options": p.options(),
		"fieldConfig": object{"defaults": p.defaults(), "overrides": []object{}},
	}
}

func (p Panel) defaults() object {
	steps := []object{{"color": "text", "value": nil}}
	if len(p.Steps) > 0 {
		steps = nil
	}
	for i, s := range p.Steps {
		step := object{"color": s.Color, "value": s.From}
		if i == 0 {
			step["value"] = nil
		}
		steps = append(steps, step)
	}
	d := object{"unit": string(p.Unit), "thresholds": object{"mode": "absolute", "steps": steps}}
	switch p.Look {
	case Lines, Stacked:
		custom := object{"lineWidth": 1, "fillOpacity": 0, "showPoints": "never", "stacking": object{"mode": "none"}}
		if p.Look == Stacked {
			custom["fillOpacity"], custom["stacking"] = 40, object{"mode": "normal"}
		}
		d["custom"], d["min"], d["color"] = custom, 0, object{"mode": "palette-classic"}
	case Stat:
		d["color"] = object{"mode": "thresholds"}
	case Table:
	}
	return d
}

func (p Panel) options() object {
	switch p.Look {
	case Stat:
		return object{
			"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "", "values": false},
			"colorMode":     "background", "graphMode": "none", "textMode": "auto",
		}
	case Table:
		return object{"showHeader": true}
	case Lines, Stacked:
	}
	return object{
		"legend":  object{"displayMode": "list", "placement": "bottom", "showLegend": p.named()},
		"tooltip": object{"mode": "multi", "sort": "desc"},
	}
}

// named reports whether series have names that a reader needs.
func (p Panel) named() bool {
	return len(p.Queries) > 1 || strings.Contains(p.Queries[0].Legend, "{{")
}
