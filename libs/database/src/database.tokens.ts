/** The opened connection, from which the services are taken. */
export const DATABASE_CONNECTION = Symbol('database:connection');
