package evidence

// ParseKMSKey is parseKMSKey for tests.
var ParseKMSKey = parseKMSKey
