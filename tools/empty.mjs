// Stands in for a development dependency of Ink that the program does not ship.
export default {};
