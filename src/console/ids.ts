/** The key under which an id is stored or compared: the case of a GUID has no meaning, and Graph sends it in any. */
export const idKey = (id: string): string => id.toLowerCase();

/** Whether two ids name the same entity. */
export const isSameId = (one: string, other: string): boolean => idKey(one) === idKey(other);

/** Whether the service accepts the id of a person. */
export const isUserId = (id: string): boolean => /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$/.test(id);

/** The id of a person, from the id of one of their states, `<script>:<user>`; undefined if it has another form. */
export const userIdOf = (userStateId: string): string | undefined => {
  const id = /^[^:]+:([^:]+)$/.exec(userStateId)?.[1];
  return id !== undefined && isUserId(id) ? id : undefined;
};
