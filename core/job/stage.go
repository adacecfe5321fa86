package job

// Stages lists the stages of an attempt at a job of a kind, in the order in
// which it comes to them.
func Stages(k Kind) []string {
	if k == Audio {
		return []string{"fetch", "extract", "script", "narrate", "encode", "publish"}
	}
	return []string{"fetch", "extract", "script", "narrate", "draw", "encode", "publish"}
}
