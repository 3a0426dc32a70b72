// Package coverage compares log packages with the traffic that a second source
// counted, hour by hour, and draws the result. It uses neither the API nor
// the clock.
package coverage
