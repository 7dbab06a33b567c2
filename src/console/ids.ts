/** The key under which an id is stored or compared: the case of a GUID has no meaning, and Graph sends it in any. */
export const idKey = (id: string): string => id.toLowerCase();

/** Whether two ids name the same entity. */
export const isSameId = (one: string, other: string): boolean => idKey(one) === idKey(other);
