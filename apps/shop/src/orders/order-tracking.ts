import { Injectable } from '@nestjs/common';
import { eq } from 'nestjs-database';
import { BigIntIdPipe } from '../http/id.pipe.js';
import { OrderNotTrackedError } from './order.errors.js';
import { OrderRepository, type OrderWithItems } from './order.repository.js';

const ORDER_ID = new BigIntIdPipe();

/**
 * Orders for those who have no account: who knows the number and the address may see it, as with a login. `eq` lets nothing
 * but one value be compared, so that a body such as `{ "email": { "not": "" } }` finds nothing out.
 */
@Injectable()
export class OrderTracking {
  constructor(private readonly orders: OrderRepository) {}

  /**
   * @param body - as the request has it
   * @throws {OrderNotTrackedError} the same for a wrong number and a wrong address: neither is confirmed
   * @throws {ValidationError} for anything but two texts
   */
  async find(body: unknown): Promise<OrderWithItems> {
    const { orderId, email } = Object(body) as Partial<Record<'orderId' | 'email', string>>;
    const { equals: number } = eq(orderId as string, 'orderId');
    const { equals: address } = eq(email as string, 'email');
    const order = await this.orders.findTracked(
      ORDER_ID.transform(String(number), { data: 'orderId' }),
      String(address).trim().toLowerCase(),
    );
    if (order === null) throw new OrderNotTrackedError();
    return order;
  }
}
