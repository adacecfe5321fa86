package table

// Versions is the table that tells which migrations ran. It has a name of its
// own because the status service may keep its tables in the same schema.
const Versions = "dead_letters_version"
