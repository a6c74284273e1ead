import { Body, Controller, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { guardData, parseQuery, RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { IntIdPipe } from '../http/id.pipe.js';
import { LOCATION_HEADER, type HeaderBag } from '../http/location.js';
import { readFlag } from '../http/flag.js';
import { ApiListQuery, TOTAL } from '../http/list-query.decorator.js';
import { toPageView } from '../http/page.view.js';
import { ChangeCustomerDto, CreateCustomerDto } from './customer.dto.js';
import { CUSTOMER_CHANGES, CUSTOMER_LIST, CUSTOMER_QUERY } from './customer.query.js';
import { CustomerRepository } from './customer.repository.js';
import { CustomerService } from './customer.service.js';
import { CustomerPageView, CustomerView } from './customer.view.js';

@RequiresDatabase()
@ApiTags('Customers')
@Controller('customers')
export class CustomerController {
  constructor(
    private readonly service: CustomerService,
    private readonly customers: CustomerRepository,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List customers', operationId: 'listCustomers' })
  @ApiListQuery(CUSTOMER_LIST)
  @ApiOkResponse({ type: CustomerPageView })
  @ApiErrors(400)
  async list(@Query() query: Record<string, unknown>): Promise<CustomerPageView> {
    const page = { ...parseQuery(query, CUSTOMER_QUERY), withTotal: readFlag(query, TOTAL) };
    return toPageView(await this.customers.paginate(page), (row) => new CustomerView(row));
  }

  @Get('by-email/:email')
  @ApiOperation({
    summary: 'Read a customer by the email address, as the telephone desk does',
    operationId: 'getCustomerByEmail',
  })
  @ApiParam({
    name: 'email',
    schema: { type: 'string', format: 'email' },
    example: 'ada.fischer@example.com',
  })
  @ApiOkResponse({ type: CustomerView })
  @ApiErrors(400, 404)
  async getByEmail(@Param('email') email: string): Promise<CustomerView> {
    return new CustomerView(await this.service.getByEmail(email));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a customer', operationId: 'getCustomer' })
  @ApiParam({ name: 'id', schema: { type: 'integer', minimum: 1 }, example: 1 })
  @ApiOkResponse({ type: CustomerView })
  @ApiErrors(400, 404)
  async get(@Param('id', IntIdPipe) id: number): Promise<CustomerView> {
    return new CustomerView(await this.service.get(id));
  }

  @Post()
  @ApiOperation({ summary: 'Add a customer', operationId: 'createCustomer' })
  @ApiBody({ type: CreateCustomerDto })
  @ApiCreatedResponse({ type: CustomerView, headers: LOCATION_HEADER })
  @ApiErrors(400, 409, 413)
  async create(
    @Body() body: CreateCustomerDto,
    @Res({ passthrough: true }) response: HeaderBag,
  ): Promise<CustomerView> {
    const customer = await this.service.create(body);
    response.setHeader('Location', `/customers/${customer.id}`);
    return new CustomerView(customer);
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change the name of a customer', operationId: 'updateCustomer' })
  @ApiParam({ name: 'id', schema: { type: 'integer', minimum: 1 }, example: 1 })
  @ApiBody({ type: ChangeCustomerDto })
  @ApiOkResponse({ type: CustomerView })
  @ApiErrors(400, 404, 413)
  async update(
    @Param('id', IntIdPipe) id: number,
    // As it came: the guard checks it, and no class does.
    @Body() body: unknown,
  ): Promise<CustomerView> {
    return new CustomerView(await this.service.update(id, guardData(body, CUSTOMER_CHANGES)));
  }
}
