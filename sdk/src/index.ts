/** For agents that work under Remit, and for the APIs they call. */
export {}
