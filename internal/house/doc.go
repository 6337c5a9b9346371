// Package house holds no code: its tests keep the rules of the whole source tree, such as who may import whom, what the
// exported API and the dependencies are, and that everything exported is explained.
package house
