/** What senders of refused packets get: nothing, or an answer. */
export type OnDeny = 'drop' | 'reject';
